interface LayerException {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly owner: string;
}
declare const layers: {
  readonly flow: Readonly<Record<string, readonly string[]>>;
  readonly packagesOfCore: Readonly<Record<string, readonly string[]>>;
  readonly exceptions: readonly LayerException[];
};
export = layers;
