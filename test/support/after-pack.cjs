'use strict';
// electron-builder copies a custom Electron folder whole: takes out what only the test runtime has.
const { rm } = require('node:fs/promises');
const { join } = require('node:path');

exports.default = async ({ appOutDir }) => {
  for (const file of ['resources/default_app.asar', '.stamp', 'version'])
    await rm(join(appOutDir, file), { force: true });
};
