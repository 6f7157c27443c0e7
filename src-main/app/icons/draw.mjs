// Draws the application icon and writes it as NxN.png beside this file: `node src-main/app/icons/draw.mjs`.
// A grid of pages, displaced along a fault line: host memory on the left, device memory on the right.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';

const sizes = [16, 32, 48, 64, 128, 256, 512];
const samples = 4;
const ground = [22, 27, 38];
const host = [94, 156, 245];
const device = [245, 158, 66];
const hot = [255, 236, 179];
const columns = 6;

/** Colour with alpha at a point of the unit square. */
function colourAt(x, y) {
  const corner = 0.18;
  const dx = Math.max(corner - x, x - (1 - corner), 0);
  const dy = Math.max(corner - y, y - (1 - corner), 0);
  if (Math.hypot(dx, dy) > corner) return [0, 0, 0, 0];

  const fault = 0.62 - 0.24 * y;
  const onDevice = x > fault;
  if (Math.abs(x - fault) < 0.018) return [...hot, 255];
  const u = (x - 0.13) / 0.74;
  const v = (y - 0.13 + (onDevice ? 0.062 : 0)) / 0.74;
  if (u < 0 || u >= 1 || y < 0.13 || y >= 0.87) return [...ground, 255];
  const gapX = (u * columns) % 1;
  const gapY = (((v * columns) % 1) + 1) % 1;
  const isPage = gapX > 0.12 && gapX < 0.88 && gapY > 0.12 && gapY < 0.88;
  return [...(isPage ? (onDevice ? device : host) : ground), 255];
}

function pixels(size) {
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let py = 0; py < size; py++) {
    for (let px = 0; px < size; px++) {
      const sum = [0, 0, 0, 0];
      for (let s = 0; s < samples * samples; s++) {
        const x = (px + ((s % samples) + 0.5) / samples) / size;
        const y = (py + (Math.floor(s / samples) + 0.5) / samples) / size;
        const [r, g, b, a] = colourAt(x, y);
        sum[0] += r * a;
        sum[1] += g * a;
        sum[2] += b * a;
        sum[3] += a;
      }
      const at = py * (size * 4 + 1) + 1 + px * 4;
      for (let c = 0; c < 3; c++) rows[at + c] = sum[3] === 0 ? 0 : Math.round(sum[c] / sum[3]);
      rows[at + 3] = Math.round(sum[3] / (samples * samples));
    }
  }
  return rows;
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  const sum = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

function png(size) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8); // 8 bits per channel, RGBA
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const image = deflateSync(pixels(size), { level: 9 });
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', image), chunk('IEND', Buffer.alloc(0))]);
}

for (const size of sizes) await writeFile(fileURLToPath(new URL(`${size}x${size}.png`, import.meta.url)), png(size));
