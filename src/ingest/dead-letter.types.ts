import { ArgsType, Field, Int, ObjectType } from "type-graphql";
import { connectionTypes, PageArgs } from "../graphql/pagination.js";
import { GraphQLDateTime } from "../graphql/scalars.js";

@ObjectType({ description: "What a message brought, as far as it is kept.", simpleResolvers: true })
export class DeadLetterPayload {
  @Field(() => Int, { description: "Bytes that came; 256 of them are kept." })
  size!: number;

  @Field(() => String, { description: "The first bytes, in base64." })
  base64!: string;

  @Field(() => String, {
    nullable: true,
    description: "The first bytes as text; null where they are not UTF-8.",
  })
  text!: string | null;
}

@ObjectType({
  description: "A message, or a part of one, that could not be taken. The newest 10,000 are kept.",
  simpleResolvers: true,
})
export class DeadLetter {
  @Field(() => GraphQLDateTime, { description: "When the message came." })
  receivedAt!: Date;

  @Field(() => String, { description: "The name of the source that brought it." })
  source!: string;

  @Field(() => String, { description: "The topic that it was published on." })
  topic!: string;

  @Field(() => String, {
    nullable: true,
    description: "The topic template of the mapping that took it; null where none did.",
  })
  mapping!: string | null;

  @Field(() => String, { description: "Why it could not be taken." })
  reason!: string;

  @Field(() => DeadLetterPayload, { description: "What it brought." })
  payload!: object;

  @Field(() => String, {
    nullable: true,
    description: "What may help, guessed from topic, payload and reason; null where nothing is known to.",
  })
  suggestion!: string | null;
}

export const { Connection: DeadLetterConnection } = connectionTypes("DeadLetter", () => DeadLetter);

@ObjectType({ description: "How often something could not be taken for one reason.", simpleResolvers: true })
export class DeadLetterCount {
  @Field(() => String, { description: "The name of the source." })
  source!: string;

  @Field(() => String, { description: "Why." })
  reason!: string;

  @Field(() => Int, { description: "How many of the dead letters that are kept." })
  count!: number;

  @Field(() => GraphQLDateTime, { description: "When the newest of them came." })
  lastReceivedAt!: Date;
}

@ArgsType()
export class DeadLettersArgs extends PageArgs {
  @Field(() => String, { nullable: true, description: "Only those of the source of this name." })
  source?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Only those that the mapping with this topic template took.",
  })
  mapping?: string | null;

  @Field(() => String, { nullable: true, description: "Only those on topics that begin so." })
  topicPrefix?: string | null;
}

@ArgsType()
export class DeadLetterCountsArgs {
  @Field(() => String, { nullable: true, description: "Only those of the source of this name." })
  source?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Only those that the mapping with this topic template took.",
  })
  mapping?: string | null;

  @Field(() => String, { nullable: true, description: "Only those on topics that begin so." })
  topicPrefix?: string | null;
}
