// A virtual display for tests, on a number that is free (Xvfb chooses it), without xvfb-run.
import { spawn } from 'node:child_process';

const startUpMs = 15_000;

/** Starts Xvfb; answers its `display` (":7") and `stop()`. The screen is large enough for a desktop window. */
export async function startXvfb({ width = 1600, height = 1000 } = {}) {
  const options = ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp'];
  const server = spawn('Xvfb', options, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let errors = '';
  server.stderr.on('data', (chunk) => (errors += chunk.toString('utf8')));

  const number = await new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`Xvfb did not start in ${startUpMs} ms\n${errors}`)), startUpMs);
    let text = '';
    server.stdio[3].on('data', (chunk) => {
      text += chunk.toString('utf8');
      if (!text.includes('\n')) return;
      clearTimeout(timer);
      done(text.trim());
    });
    server.on('error', fail);
    server.on('exit', (code) => fail(new Error(`Xvfb ended with ${code}\n${errors}`)));
  });

  const stopOnExit = () => server.kill();
  process.once('exit', stopOnExit);
  const stop = () =>
    new Promise((done) => {
      process.off('exit', stopOnExit);
      if (server.exitCode !== null) return done();
      server.once('exit', () => done());
      server.kill();
    });
  return { display: `:${number}`, stop };
}
