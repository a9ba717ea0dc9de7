/** Wire types of protobuf. A tag is a field's number times 8 with one of them. */
export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
export const FIXED32 = 5;
