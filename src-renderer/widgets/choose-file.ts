/** Lets the user choose a file to be read by the backend. */
import type { OpenTarget } from '../../src-core/model/target';
import type { Backend } from '../client/backend';

const baseName = (path: string): string => path.replace(/^.*[/\\]/, '');

function pickFile(): Promise<File | null> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.addEventListener('change', () => resolve(input.files?.[0] ?? null));
    input.addEventListener('cancel', () => resolve(null));
    input.click();
  });
}

/** By the dialog of the desktop, or sent from this page; null: none was chosen. Throws RequestError. */
export async function chooseFile(
  backend: Backend,
  title: string,
): Promise<{ readonly name: string; readonly target: OpenTarget } | null> {
  if (backend.appInfo.value?.shell === 'electron') {
    const target = await backend.request('app.openDialog', { title });
    return target ? { name: target.kind === 'path' ? baseName(target.path) : title, target } : null;
  }
  const file = await pickFile();
  const target = file ? await backend.upload(file) : null;
  return file && target ? { name: file.name, target } : null;
}
