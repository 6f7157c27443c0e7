/** The executable of a real Electron; throws with the reason where none can be had. */
export function provideElectron(options?: { readonly force?: boolean }): Promise<string>;
