/**
 * The five states of the look. Each has a colour and a shape, and is shown with a word beside it:
 * ok ● active, passed · mind ▲ degraded, warning · bad ■ unreachable, stops · busy ◆ moving, running ·
 * mute ○ closed, waits, unknown.
 */
export type ShownState = 'ok' | 'mind' | 'bad' | 'busy' | 'mute';
