/** Names of the transport's channels; the subjects are in contract/requests.ts and contract/events.ts. */
export const channels = {
  request: 'shardboard:request',
  cancel: 'shardboard:cancel',
  event: 'shardboard:event',
} as const;
