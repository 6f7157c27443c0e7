import { spawn } from 'node:child_process';
import { Refusal } from '../../../src-core/model/refusal';
import type { OpenTarget } from '../../../src-core/model/target';
import { listExamples } from '../../host/examples';
import { isBuilt } from '../../host/installation';
import { serve as startServer } from '../../server/serve';
import { EXIT } from '../exit';
import { didYouMean } from '../nearest';
import { parseWhole, targetOf } from '../run-flags';
import { addCommonFlags, type CommandEntry, type CommonFlags } from './command';

interface Flags extends CommonFlags {
  readonly port: number;
  readonly example?: string;
  readonly open?: boolean;
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
  linux: ['xdg-open'],
};

/** Shows the page in the user's browser; `note` gets a message if that fails. */
function openBrowser(url: string, note: (text: string) => void): void {
  const [program = 'xdg-open', ...args] = OPENERS[process.platform] ?? OPENERS.linux ?? [];
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', () => note(`cannot start a browser (${program}); open the address yourself`));
  child.unref();
}

const stopSignal = (): Promise<void> =>
  new Promise((done) => {
    const stop = (): void => done();
    process.once('SIGINT', stop).once('SIGTERM', stop);
  });

/** `faultline serve [FILE]`: the user interface for a browser on this machine. */
export const serve: CommandEntry = (program, cli) => {
  const command = program
    .command('serve')
    .description('serve the workbench to browsers on this machine (127.0.0.1 only, with an access token)')
    .argument('[file]', 'file to open first')
    .option('--port <n>', 'port to listen on; 0 selects a free port', parseWhole, 0)
    .option('--example <id>', 'example to open first')
    .option('--open', 'open the page in the browser');
  addCommonFlags(command).action(
    cli.run(async (file: string | undefined, flags: Flags) => {
      const { installation } = cli;
      if (!isBuilt(installation)) throw new Refusal('the user interface is not built; run `npm run build` first');
      if (flags.port > 65_535) throw new Refusal(`${flags.port} is not a port; expected 0 to 65535`);
      const examples = listExamples(installation.examples);
      const ids = examples.map(({ id }) => id);
      let startTarget: OpenTarget | null = null;
      if (file !== undefined) startTarget = targetOf(file, examples);
      else if (flags.example !== undefined) {
        if (!ids.includes(flags.example))
          throw new Refusal(
            `there is no example "${flags.example}"${didYouMean(flags.example, ids)}; the examples are ${ids.join(', ')}`,
          );
        startTarget = { kind: 'example', id: flags.example };
      }
      const stopped = stopSignal();
      const server = await startServer({
        engine: installation.engine,
        examplesFolder: installation.examples,
        renderer: installation.renderer,
        port: flags.port,
        startTarget,
        version: cli.version,
      });
      cli.print(flags.json ? JSON.stringify({ url: server.url }) : server.url);
      if (flags.open) openBrowser(server.url, (text) => cli.note(text));
      await stopped;
      await server.close();
      return EXIT.ok;
    }),
  );
};
