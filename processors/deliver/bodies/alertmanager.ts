/** Alerts posted to an Alertmanager, which groups and routes them itself: `POST /api/v2/alerts`. */
import { isoTime } from '../../../core/model/iso-time.ts'
import { jsonReceiverBody, type MakeBody } from './body.ts'

/** Alertmanager ends an alert by itself when it is not repeated before this; each repetition moves it. */
const ENDS_AFTER_S = 86_400

/** A list of alerts. */
export const alertmanagerBody: MakeBody = (message, _receiver, writtenAt) =>
  jsonReceiverBody(
    message.alerts.map(({ labels, annotations, startsAt, endsAt }) => ({
      labels,
      annotations,
      startsAt: isoTime(startsAt),
      endsAt: isoTime(endsAt ?? writtenAt + ENDS_AFTER_S),
    })),
    'application/json',
    '/api/v2/alerts',
  )
