/** Position inside a batch. */
export interface Cursor {
  group: number;
  /** Iteration of the group, or number of the point. */
  at: number;
  /** Lane of that iteration, where a halt came between two of its lanes; 0 or absent otherwise. */
  lane?: number;
}
