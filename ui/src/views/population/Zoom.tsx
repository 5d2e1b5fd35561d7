import type { Signal } from "@preact/signals";
import { IconButton } from "../../parts/IconButton";
import { WHOLE, zoomedAt } from "../../scatter/camera";
import { useSession } from "../../state";

const STEP = 1.6;

/** In the map's corner: zoom, and whether pictures are drawn among the points. */
export function Zoom({ pictures }: { pictures: Signal<boolean> }) {
  const session = useSession();
  const zoom = (factor: number) => {
    const camera = session.camera.peek();
    session.camera.value = zoomedAt(camera, camera.x, camera.y, factor);
  };
  return (
    <div class="zoom" role="group" aria-label="Zoom">
      {session.thumbnails.any && (
        <IconButton
          icon="picture"
          label="Pictures among the points, when zoomed in"
          pressed={pictures.value}
          onClick={() => (pictures.value = !pictures.value)}
        />
      )}
      <IconButton icon="plus" label="Zoom in" onClick={() => zoom(STEP)} />
      <IconButton icon="minus" label="Zoom out" onClick={() => zoom(1 / STEP)} />
      <IconButton icon="fit" label="Show all (0)" onClick={() => (session.camera.value = WHOLE)} />
    </div>
  );
}
