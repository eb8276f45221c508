import type { Palette } from '../../../src-renderer/topology/palette';

export const palette: Palette = {
  panel: '#ffffff',
  raised: '#fefefe',
  line: '#d9dfe6',
  ink1: '#16202b',
  ink2: '#4a5868',
  ink3: '#617083',
  accent: '#0b63ce',
  accentSoft: '#e6f0fc',
  ok: '#12734a',
  mind: '#8a5300',
  bad: '#b3261e',
  busy: '#5b3fb5',
  busySoft: '#eeeafa',
  mute: '#6b7785',
  muteSoft: '#eceff3',
  groups: ['#000001', '#000002', '#000003', '#000004', '#000005'],
  isContrast: false,
};
