import { count } from "../../../parts/format";
import { Picture, rowOverlays } from "../../../parts/Picture";
import { useSession } from "../../../state";

const LARGE = 176;

/** The sample's picture with its objects, and how many there are. */
export function LargePicture({ row }: { row: number }) {
  const { dataset } = useSession();
  const objects = rowOverlays(dataset, row);
  return (
    <figure class="large-picture">
      <Picture row={row} size={LARGE} label={`Thumbnail of ${dataset.sampleId(row)}`} />
      {objects.length > 0 && (
        <figcaption>
          <span>
            <i class="key-target" />
            {count(objects.filter((one) => one.role === "target").length, "target")}
          </span>
          <span>
            <i class="key-prediction" />
            {count(objects.filter((one) => one.role === "prediction").length, "prediction")}
          </span>
        </figcaption>
      )}
    </figure>
  );
}
