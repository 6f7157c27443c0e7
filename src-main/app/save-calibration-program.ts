/** Help › Save Calibration Program: the source out of the package, which has no command line of its own. */
import { dialog } from 'electron';
import { writeCalibrationSource } from '../host/calibration-source';
import type { Installation } from '../host/installation';

export async function saveCalibrationProgram(
  installation: Installation,
  window: Electron.BrowserWindow | null,
): Promise<void> {
  const options: Electron.OpenDialogOptions = {
    title: 'Folder for the calibration program',
    buttonLabel: 'Save',
    properties: ['openDirectory', 'createDirectory'],
  };
  const answer = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options));
  const [folder] = answer.filePaths;
  if (answer.canceled || folder === undefined) return;
  try {
    const files = await writeCalibrationSource(installation, folder);
    const saved: Electron.MessageBoxOptions = {
      type: 'info',
      message: 'Calibration program saved',
      detail: `${files.join('\n')}\n\nREADME.md in this folder explains how to build it and how to use its result.`,
    };
    await (window ? dialog.showMessageBox(window, saved) : dialog.showMessageBox(saved));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    dialog.showErrorBox('Calibration program not saved', reason);
  }
}
