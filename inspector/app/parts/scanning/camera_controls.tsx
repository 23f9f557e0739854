/** Light, magnification, the other camera, one paper or many: what the camera in use offers. */
import type { RefObject } from "preact";
import { useState } from "preact/hooks";

import type { Camera, CameraAbilities } from "../../scanner/camera.ts";
import { say } from "../../words/texts.ts";
import { Button, Switch } from "../forms.tsx";

interface CameraControlsProps {
  camera: RefObject<Camera | null>;
  abilities: CameraAbilities | null;
  continuous: boolean;
  onContinuous: (continuous: boolean) => void;
}

/** Draw the controls. */
export function CameraControls({ camera, abilities, continuous, onContinuous }: CameraControlsProps) {
  const [lit, setLit] = useState(false);
  const light = (): void => {
    setLit(!lit);
    void camera.current?.torch(!lit);
  };
  return (
    <div className="camera-controls">
      <Switch label={say("button.scan_many")} checked={continuous} onValue={onContinuous} />
      {abilities?.torch === true ? (
        <Button icon="torch" pressed={lit} onClick={light}>
          {say("button.torch")}
        </Button>
      ) : null}
      {abilities?.severalCameras === true ? (
        <Button icon="turn" onClick={() => void camera.current?.turnRound()}>{say("button.other_camera")}</Button>
      ) : null}
      {abilities?.zoom ? (
        <Zoom range={abilities.zoom} onValue={(factor) => void camera.current?.zoom(factor)} />
      ) : null}
    </div>
  );
}

function Zoom({
  range,
  onValue,
}: {
  range: NonNullable<CameraAbilities["zoom"]>;
  onValue: (factor: number) => void;
}) {
  return (
    <label className="zoom">
      <span>{say("field.zoom")}</span>
      <input
        type="range"
        min={range.min}
        max={range.max}
        step={range.step}
        defaultValue={String(range.min)}
        onInput={(event) => onValue(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}
