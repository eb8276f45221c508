/** Sends records to the page. A page that is gone or reloading misses nothing: it asks for the records when it is back. */
import type { WebContents } from 'electron';
import type { EventName, Events } from '../contract/events';
import { channels } from './channels';

export type Publish = <E extends EventName>(event: E, record: Events[E]) => void;

export function createPublish(contents: () => WebContents | null): Publish {
  return (event, record) => {
    const page = contents();
    if (page && !page.isDestroyed()) page.send(channels.event, event, record);
  };
}
