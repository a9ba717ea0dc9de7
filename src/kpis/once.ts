/** Does the work at the first call; all calls share what comes of it. */
export function once<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let result: Promise<Value> | null = null;
  return () => {
    result ??= work();
    return result;
  };
}
