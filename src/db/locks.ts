/** Advisory locks, each known by a number that is used here only; whoever holds one keeps all other servers waiting. */
export const LOCKS = {
  migrations: 7_230_118_001,
  partitions: 7_230_118_002,
  orderCreation: 7_230_118_003,
  plant: 7_230_118_004,
  historyKeeper: 7_230_118_005,
  operationRuns: 7_230_118_006,
} as const;

/** The first of the two numbers of a source's lock; the second is made of its name. */
export const SOURCE_LOCKS = 7_230_118;
