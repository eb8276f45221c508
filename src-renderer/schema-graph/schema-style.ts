/** Pure: Cytoscape's style sheet of the schema graph for one theme. */
import type { StylesheetJson } from 'cytoscape';
import type { Palette } from '../topology/palette';
import { sizes } from './schema-layout';

export function toSchemaStylesheet(palette: Palette): StylesheetJson {
  return [
    {
      selector: 'node',
      style: {
        'overlay-opacity': 0,
        'font-family': '"Inter Variable", system-ui, sans-serif',
        shape: 'round-rectangle',
        'corner-radius': '6px',
      },
    },
    {
      selector: '.group',
      style: {
        'background-color': palette.raised,
        'background-opacity': 1,
        'border-width': 1,
        'border-color': 'data(colour)',
        padding: `${sizes.padding}px`,
        label: 'data(text)',
        color: palette.ink1,
        'font-size': 12,
        'font-weight': 600,
        'text-valign': 'top',
        'text-halign': 'center',
        'text-margin-y': -4,
      },
    },
    {
      selector: '.table, .closed',
      style: {
        width: 'data(width)',
        height: 'data(height)',
        'background-color': palette.panel,
        'background-opacity': 1,
        'border-width': 1.5,
        'border-color': 'data(colour)',
        label: 'data(text)',
        color: palette.ink1,
        'font-size': 12,
        'text-valign': 'center',
        'text-halign': 'center',
        'text-wrap': 'ellipsis',
        'text-max-width': `${sizes.table.width - 14}px`,
        'min-zoomed-font-size': 5,
      },
    },
    {
      selector: '.table.plain, .table.local',
      style: { 'border-style': 'dashed', 'border-dash-pattern': [4, 2] },
    },
    { selector: '.table.reference', style: { 'border-style': 'double', 'border-width': 3 } },
    {
      selector: '.closed',
      style: {
        'background-color': palette.muteSoft,
        'border-width': 3,
        'border-style': 'double',
        'font-size': 14,
        'font-weight': 600,
        'text-wrap': 'wrap',
        'text-max-width': `${sizes.closed.width - 16}px`,
        'line-height': 1.3,
      },
    },
    {
      selector: '.selected',
      style: {
        'outline-width': 2,
        'outline-color': palette.accent,
        'outline-offset': 3,
        'outline-opacity': 1,
      },
    },
    {
      selector: 'edge',
      style: {
        'overlay-opacity': 0,
        'curve-style': 'bezier',
        width: 1.3,
        'line-color': palette.ink3,
        'line-opacity': 0.7,
        'target-arrow-shape': 'triangle',
        'target-arrow-color': palette.ink3,
        'arrow-scale': 0.9,
        'font-family': '"Inter Variable", system-ui, sans-serif',
        'font-size': 11,
        'font-weight': 600,
        'min-zoomed-font-size': 6,
        label: 'data(text)',
        color: palette.ink2,
        'text-background-color': palette.panel,
        'text-background-opacity': 0.95,
        'text-background-padding': '3px',
        'text-background-shape': 'roundrectangle',
      },
    },
    {
      selector: '.key.bad',
      style: {
        width: 2.6,
        'line-opacity': 1,
        'line-color': palette.bad,
        'target-arrow-color': palette.bad,
        color: palette.bad,
        'z-index': 20,
      },
    },
    {
      selector: '.key.mind',
      style: {
        width: 2.2,
        'line-opacity': 1,
        'line-style': 'dashed',
        'line-dash-pattern': [6, 3],
        'line-color': palette.mind,
        'target-arrow-color': palette.mind,
        color: palette.mind,
        'z-index': 19,
      },
    },
    {
      selector: '.key.chosen',
      style: {
        width: 3.4,
        'line-color': palette.accent,
        'target-arrow-color': palette.accent,
        'z-index': 30,
      },
    },
    { selector: '.faded', style: { opacity: 0.22 } },
    // What is wrong is never put out.
    { selector: '.key.bad.faded, .key.mind.faded', style: { opacity: 0.7 } },
  ];
}
