/** The settings of both ends (RFC 9113, 6.5). */
import { ConnectionError, ErrorCode } from "./errors.ts";
import { Flag, FrameType, frameOf, payloadBytesDefault, putUint32 } from "./frames.ts";

const Setting = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
} as const;

export const windowBytesDefault = 65_535;
export const windowBytesMax = 2 ** 31 - 1;
export const headerTableBytesDefault = 4_096;

const settingBytes = 6;
/** A client has six to send. */
const settingsMax = 32;

/** What this end says of itself. */
export interface OwnSettings {
  readonly streamsMax: number;
  readonly streamWindowBytes: number;
  readonly headerListBytesMax: number;
}

export function settingsFrame({
  streamsMax,
  streamWindowBytes,
  headerListBytesMax,
}: OwnSettings): Uint8Array {
  const settings = [
    [Setting.maxConcurrentStreams, streamsMax],
    [Setting.initialWindowSize, streamWindowBytes],
    [Setting.maxHeaderListSize, headerListBytesMax],
  ] as const;
  const payload = new Uint8Array(settings.length * settingBytes);
  settings.forEach(([id, value], n) => {
    payload[n * settingBytes + 1] = id;
    putUint32(payload, n * settingBytes + 2, value);
  });
  return frameOf(FrameType.settings, 0, 0, payload);
}

export const settingsAck: Uint8Array = frameOf(FrameType.settings, Flag.ack, 0, new Uint8Array(0));

/** What the other end says of itself, as far as a server heeds it: it pushes nothing, and has no table of its own. */
export class PeerSettings {
  initialWindowBytes = windowBytesDefault;
  payloadBytesMax = payloadBytesDefault;

  /** @throws `ConnectionError` as 6.5.2 says */
  apply(payload: Buffer): void {
    if (payload.length % settingBytes !== 0) {
      throw new ConnectionError(ErrorCode.frameSizeError, "SETTINGS have a length that is none of six times");
    }
    if (payload.length > settingsMax * settingBytes) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, `SETTINGS have more than ${settingsMax}`);
    }
    for (let at = 0; at < payload.length; at += settingBytes) {
      const value = payload.readUInt32BE(at + 2);
      switch (payload.readUInt16BE(at)) {
        case Setting.enablePush:
          if (value > 1) throw wrong("ENABLE_PUSH is neither 0 nor 1");
          break;
        case Setting.initialWindowSize:
          if (value > windowBytesMax) {
            throw new ConnectionError(ErrorCode.flowControlError, "INITIAL_WINDOW_SIZE is too large");
          }
          this.initialWindowBytes = value;
          break;
        case Setting.maxFrameSize:
          if (value < payloadBytesDefault || value >= 2 ** 24) throw wrong("MAX_FRAME_SIZE is out of range");
          this.payloadBytesMax = value;
          break;
        default:
      }
    }
  }
}

function wrong(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.protocolError, message);
}
