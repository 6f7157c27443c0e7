export interface VirtualDisplay {
  /** What belongs into the environment variable DISPLAY, such as ":7". */
  readonly display: string;
  readonly stop: () => Promise<void>;
}
export function startXvfb(size?: { readonly width?: number; readonly height?: number }): Promise<VirtualDisplay>;
