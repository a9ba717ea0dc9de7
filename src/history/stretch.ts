/** A stretch of the history of one series; times in milliseconds, both included. */
export interface Stretch {
  readonly machineId: string;
  readonly seriesId: number;
  readonly from: number;
  readonly to: number;
}
