/** The camera: asked for once the person agreed, let go whenever the app is hidden, and read frame by frame. */
import type { FoundCode } from "./decoding.ts";
import { decoder } from "./decoding.ts";

export type CameraFault =
  "camera_refused" | "camera_missing" | "camera_busy" | "camera_insecure" | "reader_broken";

/** What the camera in use can do; null where it cannot. */
export interface CameraAbilities {
  readonly torch: boolean;
  readonly zoom: { readonly min: number; readonly max: number; readonly step: number } | null;
  readonly severalCameras: boolean;
}

export interface CameraListener {
  readonly found: (codes: readonly FoundCode[]) => void;
  readonly started: (abilities: CameraAbilities) => void;
  readonly failed: (fault: CameraFault) => void;
}

type Facing = "environment" | "user";
type WiderCapabilities = MediaTrackCapabilities & {
  torch?: boolean;
  zoom?: { min: number; max: number; step?: number };
};

const SQUARE_SIDE = 800;
const WHOLE_SIDE = 1280;
/** Every third picture is the whole frame: a code at its edge is found as well. */
const WHOLE_EVERY = 3;

const FAULTS: Readonly<Record<string, CameraFault>> = {
  NotAllowedError: "camera_refused",
  SecurityError: "camera_refused",
  NotFoundError: "camera_missing",
  OverconstrainedError: "camera_missing",
  NotReadableError: "camera_busy",
  AbortError: "camera_busy",
};

/** One viewfinder: from `start` until `stop` it shows the camera and tells the codes that it sees. */
export class Camera {
  readonly #video: HTMLVideoElement;
  readonly #listener: CameraListener;
  readonly #canvas = document.createElement("canvas");
  #stream: MediaStream | null = null;
  #facing: Facing = "environment";
  #wanted = false;
  #turn = 0;
  #pictures = 0;

  constructor(video: HTMLVideoElement, listener: CameraListener) {
    this.#video = video;
    this.#listener = listener;
    document.addEventListener("visibilitychange", this.#followVisibility);
  }

  /** Ask for the camera and read it; a failure is told to the listener. */
  async start(): Promise<void> {
    this.#wanted = true;
    await this.#open();
  }

  /** Let the camera go for good. */
  stop(): void {
    this.#wanted = false;
    document.removeEventListener("visibilitychange", this.#followVisibility);
    this.#release();
  }

  /** Use the camera on the other side. */
  async turnRound(): Promise<void> {
    this.#facing = this.#facing === "environment" ? "user" : "environment";
    this.#release();
    await this.#open();
  }

  async torch(on: boolean): Promise<void> {
    await this.#apply({ torch: on });
  }

  async zoom(factor: number): Promise<void> {
    await this.#apply({ zoom: factor });
  }

  readonly #followVisibility = (): void => {
    if (document.visibilityState === "hidden") this.#release();
    else if (this.#wanted && this.#stream === null) void this.#open();
  };

  async #open(): Promise<void> {
    const turn = ++this.#turn;
    if (!globalThis.isSecureContext || navigator.mediaDevices === undefined) {
      this.#listener.failed("camera_insecure");
      return;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia(wish(this.#facing));
      if (turn !== this.#turn || !this.#wanted) return letGo(stream);
      this.#stream = stream;
      this.#video.srcObject = stream;
      await this.#video.play();
      this.#listener.started(await abilities(stream));
      void this.#read(turn);
    } catch (error) {
      if (turn === this.#turn) this.#listener.failed(faultOf(error));
    }
  }

  #release(): void {
    this.#turn += 1;
    if (this.#stream !== null) letGo(this.#stream);
    this.#stream = null;
    this.#video.srcObject = null;
  }

  /** Read pictures one after another for as long as this turn of the camera lasts. */
  async #read(turn: number): Promise<void> {
    try {
      while (turn === this.#turn) {
        await nextFrame(this.#video);
        const picture = this.#picture();
        if (picture === null) continue;
        const codes = await decoder().decode(picture, false);
        if (turn === this.#turn && codes.length > 0) this.#listener.found(codes);
      }
    } catch {
      if (turn === this.#turn) this.#listener.failed("reader_broken");
    }
  }

  /** Return the centre square at about 800 pixels, and by turns the whole frame. */
  #picture(): ImageData | null {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (width === 0 || height === 0) return null;
    const whole = this.#pictures++ % WHOLE_EVERY === WHOLE_EVERY - 1;
    const side = Math.min(width, height);
    const [w, h] = whole ? [width, height] : [side, side];
    const scale = Math.min(1, (whole ? WHOLE_SIDE : SQUARE_SIDE) / Math.max(w, h));
    this.#canvas.width = Math.round(w * scale);
    this.#canvas.height = Math.round(h * scale);
    const context = this.#canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) return null;
    const { width: toWidth, height: toHeight } = this.#canvas;
    context.drawImage(this.#video, (width - w) / 2, (height - h) / 2, w, h, 0, 0, toWidth, toHeight);
    return context.getImageData(0, 0, toWidth, toHeight);
  }

  async #apply(constraint: Record<string, unknown>): Promise<void> {
    const track = this.#stream?.getVideoTracks()[0];
    try {
      await track?.applyConstraints({ advanced: [constraint] });
    } catch {
      // A camera that offered it and now refuses stays as it is: reading goes on.
    }
  }
}

function wish(facing: Facing): MediaStreamConstraints {
  return {
    audio: false,
    video: { facingMode: { ideal: facing }, width: { ideal: 1920 }, height: { ideal: 1080 } },
  };
}

function letGo(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function faultOf(error: unknown): CameraFault {
  return (error instanceof DOMException ? FAULTS[error.name] : undefined) ?? "camera_missing";
}

async function abilities(stream: MediaStream): Promise<CameraAbilities> {
  const track = stream.getVideoTracks()[0];
  const can = (track?.getCapabilities?.() ?? {}) as WiderCapabilities;
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((each) => each.kind === "videoinput");
  const zoom =
    can.zoom === undefined ? null : { min: can.zoom.min, max: can.zoom.max, step: can.zoom.step ?? 0.1 };
  return { torch: can.torch === true, zoom, severalCameras: cameras.length > 1 };
}

function nextFrame(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => resolve());
    else setTimeout(resolve, 40);
  });
}
