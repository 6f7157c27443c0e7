'use strict';
// Stands in for Electron's own default_app.asar, which packaged builds leave out:
// `electron [-r module] [--flags] <app folder or file> [app arguments]`.
const { app } = require('electron');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

function readArguments(argv) {
  const required = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i];
    if (word === '--version' || word === '-v') return { print: `v${process.versions.electron}` };
    if (word === '--abi' || word === '-a') return { print: process.versions.modules };
    if (word === '-r' || word === '--require') required.push(argv[++i]);
    else if (word.startsWith('--app=')) return { required, file: word.slice('--app='.length) };
    else if (!word.startsWith('-')) return { required, file: word };
  }
  return { required, file: process.env.ELECTRON_APP_PATH };
}

function nameApp(packageFile) {
  const about = JSON.parse(fs.readFileSync(packageFile, 'utf8'));
  if (about.version) app.setVersion(about.version);
  app.name = about.productName || about.name || app.name;
}

const { print, required, file } = readArguments(process.argv.slice(1));
if (print !== undefined) {
  console.log(print);
  process.exit(0);
}
if (required.length > 0) Module._preloadModules(required);
if (!file) {
  console.error('electron: no app path given');
  process.exit(2);
}

Object.defineProperty(process, 'defaultApp', { configurable: false, enumerable: true, value: true });
const target = path.resolve(file);
const packageFile = path.join(target, 'package.json');
const isFolder = fs.existsSync(packageFile);
if (isFolder) nameApp(packageFile);
try {
  const entry = Module._resolveFilename(target, null, true);
  app.setAppPath(isFolder ? target : path.dirname(entry));
  Module._load(entry, Module, true);
} catch (error) {
  console.error(`electron: cannot load ${target}\n`, error.stack);
  process.exit(1);
}
