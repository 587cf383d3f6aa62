/** The words of the timeline: labels of the settings, names of seats and units. */
import { computed, type ComputedRef } from 'vue';

import { dateTime } from '../lib/time';
import { floor } from '../state/floor';
import { useSettings } from '../state/session';
import { useUnits } from '../state/units';
import type { Words } from './timeline';

export function useTimelineWords(): ComputedRef<Words> {
  const settings = useSettings();
  const units = useUnits();
  return computed<Words>(() => ({
    kinds: settings.labels.event_kinds,
    endReasons: settings.labels.end_reasons,
    ticketStates: settings.labels.ticket_states,
    problems: settings.labels.recording_problems,
    moves: settings.labels.moves,
    difficulties: settings.labels.difficulties,
    stars: settings.labels.stars,
    terms: settings.labels.terms,
    queue: (name) => settings.queues.find((queue) => queue.name === name)?.label ?? name,
    line: (name) => settings.lines.find((line) => line.name === name)?.label ?? name,
    seat: (id) => floor.state.value.seats.get(id)?.name ?? null,
    unit: (id) => units.nameOf(id),
    when: (ms) => dateTime(ms, settings.zone),
  }));
}
