/** Gives bytes to the browser to save under a name. */
export function download(name: string, bytes: Uint8Array): void {
  const link = document.createElement('a');
  const url = URL.createObjectURL(new Blob([bytes.slice()]));
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
