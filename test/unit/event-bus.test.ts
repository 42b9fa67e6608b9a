import { Writable } from 'node:stream';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { createEventBus, type EventBus, type Events } from '../../src/events/bus.js';
import { waitFor } from '../kit/wait-for.js';

const change: Events['task.changed'] = {
  taskId: '11111111-1111-4111-8111-111111111111',
  ownerId: '00000000-0000-4000-8000-000000000001',
  parentId: null,
  state: 'RUNNING',
};

let bus: EventBus;
let logged: string[];

beforeEach(() => {
  logged = [];
  const sink = new Writable({
    write: (line: Buffer, _encoding, done) => {
      logged.push(line.toString());
      done();
    },
  });
  bus = createEventBus({ log: pino(sink) });
});

describe('the event bus', () => {
  it('gives an event to the listeners of its name, in the order they began to listen', () => {
    const heard: string[] = [];
    bus.on('task.changed', ({ state }) => void heard.push(`first ${state}`));
    bus.on('bus.gap', () => void heard.push('gap'));
    bus.on('task.changed', ({ state }) => void heard.push(`second ${state}`));
    bus.publish('task.changed', change);
    expect(heard).toEqual(['first RUNNING', 'second RUNNING']);
  });

  it('logs what a listener throws and still calls the others', () => {
    const heard: string[] = [];
    bus.on('task.changed', () => {
      throw new Error('thrown by a listener');
    });
    bus.on('task.changed', ({ taskId }) => void heard.push(taskId));
    bus.publish('task.changed', change);
    expect(heard).toEqual([change.taskId]);
    expect(logged.join()).toContain('thrown by a listener');
  });

  it('logs what a listener rejects with, and does not wait for it', async () => {
    bus.on('bus.gap', async () => {
      await Promise.resolve();
      throw new Error('rejected by a listener');
    });
    bus.publish('bus.gap', {});
    expect(logged).toEqual([]);
    await waitFor(() => logged.join().includes('rejected by a listener'), { what: 'the log line' });
  });

  it('counts a function that listens twice as two listeners', () => {
    let heard = 0;
    const listener = () => void (heard += 1);
    const stop = bus.on('bus.gap', listener);
    bus.on('bus.gap', listener);
    bus.publish('bus.gap', {});
    stop();
    stop();
    bus.publish('bus.gap', {});
    expect(heard).toBe(3);
  });

  it('lets a listener add and remove listeners while an event is on its way', () => {
    const heard: string[] = [];
    bus.on('bus.gap', () => {
      stopSecond();
      bus.on('bus.gap', () => void heard.push('late'));
    });
    const stopSecond = bus.on('bus.gap', () => void heard.push('second'));
    bus.publish('bus.gap', {});
    expect(heard).toEqual([]);
    bus.publish('bus.gap', {});
    expect(heard).toEqual(['late']);
  });

  it('is silent once it is closed', () => {
    const heard: string[] = [];
    bus.on('bus.gap', () => void heard.push('early'));
    bus.close();
    bus.close();
    bus.on('bus.gap', () => void heard.push('late'));
    bus.publish('bus.gap', {});
    expect(heard).toEqual([]);
  });
});
