import { resolve } from 'node:path';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'electron-vite';

const at = (path: string): string => resolve(import.meta.dirname, path);

// The oldest runtime the app promises to run on is Electron 25 (the one tests can have on a closed network).
// electron-vite would otherwise derive newer targets and ES modules from the installed electron package.
const nodeTarget = 'node18.15';
const chromeTarget = 'chrome114';

const commonJs = {
  format: 'cjs' as const,
  entryFileNames: '[name].cjs',
  chunkFileNames: 'chunks/[name]-[hash].cjs',
};

export default defineConfig({
  main: {
    build: {
      outDir: at('out/main'),
      target: nodeTarget,
      externalizeDeps: false, // everything is bundled, so that the package holds no node_modules
      sourcemap: true,
      rolldownOptions: {
        input: {
          index: at('src-main/app/main.ts'),
          cli: at('src-main/cli/main.ts'),
          engine: at('src-main/host/engine-worker.ts'),
        },
        external: ['electron', 'bufferutil', 'utf-8-validate'], // the last two are optional speed-ups of ws
        output: commonJs,
      },
    },
  },
  preload: {
    build: {
      outDir: at('out/preload'),
      target: nodeTarget,
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: at('src-main/preload/preload.ts') }, // a sandboxed preload must be one CommonJS file
        external: ['electron'],
        output: commonJs,
      },
    },
  },
  renderer: {
    root: at('src-renderer'),
    plugins: [vue()],
    build: {
      outDir: at('out/renderer'),
      target: chromeTarget,
      rolldownOptions: { input: { index: at('src-renderer/index.html') } },
    },
  },
});
