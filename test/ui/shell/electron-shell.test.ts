import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  ask,
  connect,
  eventOf,
  projectRoot,
  result,
  sandboxSwitches,
  startDesktop,
  type Desktop,
  type DesktopOptions,
} from './desktop';

const example = { kind: 'example', id: 's1-jacobi-residual' } as const;
const exampleFile = join(projectRoot, 'examples/s1-jacobi-residual.yaml');

let folder: string;
let running: Desktop[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-shell-'));
  running = [];
});
afterEach(async () => {
  for (const desktop of running) await desktop.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function start(options: DesktopOptions = {}): Promise<Desktop> {
  const desktop = await startDesktop(options);
  running.push(desktop);
  return desktop;
}
async function stop(desktop: Desktop): Promise<void> {
  running = running.filter((each) => each !== desktop);
  await desktop.close();
}

describe('what is opened first', () => {
  it('is the file argument', async () => {
    const { page } = await start({ files: [exampleFile] });
    await connect(page);
    expect((await result(page, 'app.info', null)).startTarget).toEqual({ kind: 'path', path: exampleFile });
  });

  it('is what FAULTLINE_START names', async () => {
    const { page } = await start({ env: { FAULTLINE_START: `example:${example.id}` } });
    await connect(page);
    expect(await result(page, 'app.info', null)).toMatchObject({
      shell: 'electron',
      canPdf: true,
      startTarget: example,
    });
  });

  it('is the file of a second instance, in the window of the first', async () => {
    const first = await start({ userData: folder });
    await connect(first.page);
    const second = spawn(
      inject('electron'),
      [projectRoot, ...sandboxSwitches, '--disable-gpu', `--user-data-dir=${folder}`, exampleFile],
      { stdio: 'ignore' },
    );
    const ended = new Promise<number | null>((done) => second.on('exit', done));
    const { info } = await eventOf(first.page, 'opened');
    expect(info.file).toBe(basename(exampleFile));
    expect(await ended).toBe(0);
    expect(first.app.windows()).toHaveLength(1);
  });

  it('is a file that is dropped on the window', async () => {
    const { app, page } = await start();
    await connect(page);
    // A page cannot make a file with a path; the browser's own drag machinery can.
    await app.evaluate(async ({ BrowserWindow }, path) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      if (!contents) throw new Error('no window');
      contents.debugger.attach();
      const data = { items: [], files: [path], dragOperationsMask: 1 };
      for (const type of ['dragEnter', 'dragOver', 'drop'])
        await contents.debugger.sendCommand('Input.dispatchDragEvent', { type, x: 300, y: 200, data });
      contents.debugger.detach();
    }, exampleFile);
    expect((await eventOf(page, 'opened')).info.file).toBe(basename(exampleFile));
  });

  it('is what the dialog answers', async () => {
    const { app, page } = await start({ env: { FAULTLINE_TEST: '0' } });
    await connect(page);
    await app.evaluate(({ dialog }, path) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] });
    }, exampleFile);
    const target = await result(page, 'app.openDialog', { title: 'Open' });
    expect(target).toEqual({ kind: 'path', path: exampleFile });
    if (!target) throw new Error('no target');
    const info = await result(page, 'session.open', { target, options: {} }); // the user chose it, so it may be read
    expect(info.file).toBe(basename(exampleFile));
  });
});

describe('what is remembered', () => {
  it('is the size of the window and the recent files', async () => {
    const first = await start({ userData: folder, files: [exampleFile] });
    await connect(first.page);
    await result(first.page, 'session.open', { target: { kind: 'path', path: exampleFile }, options: {} });
    await first.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(900, 700));
    await stop(first);
    const second = await start({ userData: folder });
    const size = await second.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getSize());
    expect(size).toEqual([900, 700]);
    await connect(second.page);
    expect(await result(second.page, 'app.recent', null)).toMatchObject([{ path: exampleFile }]);
  });

  it('does not keep the app from starting when it is damaged', async () => {
    writeFileSync(join(folder, 'settings.json'), '{"window": 3');
    const desktop = await start({ userData: folder });
    await connect(desktop.page);
    expect(await result(desktop.page, 'app.recent', null)).toEqual([]);
    expect(readFileSync(join(folder, 'settings.json.damaged'), 'utf8')).toBe('{"window": 3');
  });
});

it('the menu offers files, examples, export, zoom and full screen', async () => {
  const { app } = await start();
  const labels = await app.evaluate(({ Menu }) => {
    const walk = (menu: Electron.Menu | null): string[] =>
      (menu?.items ?? []).flatMap((item) => [item.label || item.role || '', ...walk(item.submenu ?? null)]);
    return walk(Menu.getApplicationMenu());
  });
  for (const label of ['Open…', 'Open Recent', 'Examples', example.id, 'PDF…', 'Save Recording…'])
    expect(labels).toContain(label);
  expect(labels.some((label) => /full ?screen/i.test(label))).toBe(true);
  expect(labels.some((label) => /zoom ?in/i.test(label))).toBe(true);
});

it('the menu saves the calibration program into a folder, and says when it cannot', async () => {
  const { app } = await start();
  const target = join(folder, 'calibrate');
  /** Clicks the item; the dialogs are the system's and cannot be driven, so they answer what a person would. */
  const saves = (): Promise<string> =>
    app.evaluate(
      ({ dialog, Menu }, chosen) =>
        new Promise<string>((said) => {
          dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
          dialog.showMessageBox = (...given: unknown[]) => {
            said((given.at(-1) as Electron.MessageBoxOptions).message);
            return Promise.resolve({ response: 0, checkboxChecked: false });
          };
          dialog.showErrorBox = (title, content) => {
            said(`${title}: ${content}`);
          };
          const items = (menu: Electron.Menu | null): Electron.MenuItem[] =>
            (menu?.items ?? []).flatMap((item) => [item, ...items(item.submenu ?? null)]);
          items(Menu.getApplicationMenu())
            .find((item) => item.label.startsWith('Save Calibration'))
            ?.click();
        }),
      target,
    );
  expect(await saves()).toBe('Calibration program saved');
  expect(readdirSync(target).sort()).toEqual(['README.md', 'calibrate.cu', 'gpu.h']);
  writeFileSync(join(target, 'gpu.h'), 'changed');
  expect(await saves()).toMatch(/not saved: gpu\.h in .* differs from Faultline/);
});

describe('saving', () => {
  it('writes reports in every format, and the recording', async () => {
    const { page } = await start();
    await connect(page);
    await result(page, 'session.open', { target: example, options: { deviceMemoryBytes: 2 ** 28 } });
    await result(page, 'session.control', { action: 'run' });
    await page.waitForFunction(
      () => window.shellTest?.events.some((event) => event.event === 'status' && event.status.state === 'finished'),
      null,
      { timeout: 60_000 },
    );
    for (const format of ['html', 'json', 'csv', 'pdf'] as const) {
      const path = join(folder, `report.${format}`);
      expect(await result(page, 'app.saveReport', { format, suggestedName: 'x', path })).toEqual({
        path,
        bytes: null,
        cancelled: false,
      });
      expect(existsSync(path)).toBe(true);
    }
    expect(readFileSync(join(folder, 'report.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('<');
    const recording = join(folder, 'run.arrow');
    await result(page, 'app.saveRecording', { suggestedName: 'x', path: recording });
    expect(readFileSync(recording).length).toBeGreaterThan(0);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]); // no half-written files
  });

  it('asks where, takes no for an answer, and says what is wrong', async () => {
    const { app, page } = await start({ env: { FAULTLINE_TEST: '0' } });
    await connect(page);
    const answerWith = (path: string | null): Promise<void> =>
      app.evaluate(({ dialog }, filePath) => {
        dialog.showSaveDialog = () =>
          Promise.resolve(filePath === null ? { canceled: true, filePath: '' } : { canceled: false, filePath });
      }, path);
    await result(page, 'session.open', { target: example, options: {} });
    await answerWith(null);
    const ignored = join(folder, 'ignored.html');
    expect(await result(page, 'app.saveReport', { format: 'html', suggestedName: 'x', path: ignored })).toEqual({
      path: null,
      bytes: null,
      cancelled: true,
    });
    expect(existsSync(ignored)).toBe(false);
    await answerWith(join(folder, 'missing', 'x.html'));
    expect(await ask(page, 'app.saveReport', { format: 'html', suggestedName: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'refused' },
    });
  });
});

describe('an engine that dies', () => {
  it.each([
    ['throw', { FAULTLINE_TEST_CRASH: 'throw:20' }, 'crashed on purpose'],
    ['heap', { FAULTLINE_TEST_CRASH: 'heap:20', FAULTLINE_ENGINE_HEAP_MB: '96' }, 'out of memory'],
  ])('by %s leaves the window alive, the recording saved and a fresh engine', async (_how, env, message) => {
    const { page, userData } = await start({ env: { ...env, FAULTLINE_TEST: '0' } });
    await connect(page);
    await result(page, 'session.open', { target: example, options: {} });
    const control = ask(page, 'session.control', { action: 'run' });
    const crash = await eventOf(page, 'crashed');
    expect(crash.error.message).toContain(message);
    expect(crash.recording).toContain(join(userData, 'recovered'));
    expect(crash.error.message).toContain(crash.recording ?? '?');
    expect(readFileSync(crash.recording ?? '').length).toBeGreaterThan(0);
    await control; // answered before the end or failed with it, but answered
    expect(await result(page, 'session.status', null)).toMatchObject({ state: 'empty' });
    const reopened = await result(page, 'session.open', { target: example, options: {} });
    expect(reopened.kind).toBe('workload');
    // The page may open what was recovered, though nobody chose it in a dialog.
    const target = { kind: 'path', path: crash.recording ?? '' } as const;
    expect(await result(page, 'session.open', { target, options: {} })).toMatchObject({ kind: 'recording' });
  });
});
