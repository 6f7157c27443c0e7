import { csvExporter } from './csv';
import type { Exporter } from './exporter';
import { htmlExporter } from './html';
import { jsonExporter } from './json';

/** Every output format; the order is the order in menus. */
export const exporters: readonly Exporter[] = [htmlExporter, jsonExporter, csvExporter];
