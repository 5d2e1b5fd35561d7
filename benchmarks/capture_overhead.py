"""What capture costs: time of a validation epoch, memory and disk at 122,000 × 576.

    python benchmarks/capture_overhead.py [--images 2000] [--epochs 12] [--accelerator auto]

The peer of the time is the same validation epoch without capture, in the same training: epochs take
turns. On a machine that others use too, trust the processor time (of all threads) before the wall.
Memory is measured in a fresh process, as what the recorder adds to its peak.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

ROWS, WIDTH, CLASSES, BATCH = 122_000, 576, 80, 256
IMAGE, CHANNELS = 64, (64, 128, 256, 512)
RATIO_BUDGET, MEMORY_BUDGET, SIZE_BUDGET = 1.03, 200.0, 1.1  # DESIGN section 8
MEGABYTE = 1 << 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--accelerator", default="auto")
    parser.add_argument("--recorder-only", action="store_true", help="(used by itself)")
    arguments = parser.parse_args()
    if arguments.recorder_only:
        print(json.dumps(record()))
        return
    recorded = json.loads(
        subprocess.check_output([sys.executable, __file__, "--recorder-only"], text=True)
    )
    print(f"recorder, {ROWS:,} × {WIDTH} float16, {CLASSES} probabilities, ids, loss, prediction:")
    report("extra resident memory, MB", recorded["extra_mb"], MEMORY_BUDGET)
    report("file ÷ raw float16 embeddings", recorded["size_ratio"], SIZE_BUDGET)
    print(f"  time {recorded['seconds']:.1f} s")
    epochs = train(arguments)
    report_epochs(epochs, arguments)


def report(what: str, value: float, budget: float) -> None:
    """Print one figure beside its budget."""
    print(f"  {what}: {value:.3f} (budget {budget}) {'ok' if value <= budget else 'OVER'}")


def record() -> dict[str, float]:
    """Record 122,000 rows and return what that took."""
    from mlflow_latent.capture.recorder import Recorder
    from mlflow_latent.schema import CaptureInfo

    rng = np.random.default_rng(0)
    embedding = rng.normal(size=(BATCH * 8, WIDTH)).astype(np.float32)
    probabilities = rng.dirichlet(np.ones(CLASSES), BATCH).astype(np.float32)
    with TemporaryDirectory() as folder:
        before, started = memory("VmRSS"), time.perf_counter()
        rows = Recorder(Path(folder), CaptureInfo(layers=("backbone",))).begin(0, "val")
        for start in range(0, ROWS, BATCH):
            size = min(BATCH, ROWS - start)
            picked = rng.integers(0, len(embedding), size)
            rows.add(
                {
                    "sample_id": [f"val-{row}" for row in range(start, start + size)],
                    "loss": rng.random(size),
                    "target": rng.integers(0, CLASSES, size),
                    "prediction": rng.integers(0, CLASSES, size),
                    "pred_probs": probabilities[:size],
                    # No two rows alike: repeated ones would compress as real ones do not.
                    "embedding_backbone": embedding[picked] * rng.normal(size=(size, 1)),
                }
            )
        path = rows.close()[0]
        seconds = time.perf_counter() - started
        return {
            "seconds": seconds,
            "extra_mb": memory("VmHWM") - before,
            "size_ratio": path.stat().st_size / (ROWS * WIDTH * 2),
        }


def memory(field: str) -> float:
    """Return a figure of this process's memory, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def train(arguments: argparse.Namespace) -> Clock:
    """Return the times of each validation epoch; every second one is captured."""
    import pytorch_lightning as pl
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    from lightning_callbacks import LatentCapture

    warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_fabric")
    torch.manual_seed(0)
    images = torch.randn(arguments.images, 3, IMAGE, IMAGE)
    target = torch.randint(0, CLASSES, (arguments.images,))
    loader = DataLoader(
        TensorDataset(images, target), batch_size=BATCH, num_workers=arguments.workers
    )
    clock = Clock()
    with TemporaryDirectory() as folder:
        trainer = pl.Trainer(
            accelerator=arguments.accelerator,
            devices=1,
            max_epochs=arguments.epochs,
            limit_train_batches=1,
            num_sanity_val_steps=0,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=folder,
            callbacks=timed(
                LatentCapture("backbone", logits="head", every_n_epochs=2, analyze=False), clock
            ),
        )
        trainer.fit(make_model(), loader, loader)
    return clock


class Clock:
    """Wall and processor seconds of each validation epoch."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.processor: list[float] = []

    def start(self) -> None:
        """Start an epoch."""
        self.wall.append(-time.perf_counter())
        self.processor.append(-time.process_time())

    def stop(self) -> None:
        """End it."""
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.wall[-1] += time.perf_counter()
        self.processor[-1] += time.process_time()


def timed(capture: Any, clock: Clock) -> list[Any]:
    """Put a clock around a callback: the whole validation, its own start and end included."""
    import pytorch_lightning as pl

    class Start(pl.Callback):
        def on_validation_start(self, *_: Any) -> None:
            clock.start()

    class End(pl.Callback):
        def on_validation_end(self, *_: Any) -> None:
            clock.stop()

    return [Start(), capture, End()]


def make_model() -> Any:
    """Return a LightningModule with a network like ResNet-18 on 64 × 64 images."""
    import pytorch_lightning as pl
    import torch
    from torch import nn
    from torch.nn.functional import cross_entropy

    class ResNet(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            widths = [CHANNELS[0], *CHANNELS]
            layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 7, 2, 3), nn.MaxPool2d(3, 2, 1)]
            for place, out in enumerate(CHANNELS):
                layers += [make_block(widths[place], out, 1 + (place > 0)), make_block(out, out, 1)]
            self.backbone = nn.Sequential(*layers)
            self.head = nn.Linear(CHANNELS[-1], CLASSES)

        def loss(self, batch: Any) -> torch.Tensor:
            return cross_entropy(self.head(self.backbone(batch[0]).mean((2, 3))), batch[1])

        def training_step(self, batch: Any, _: int) -> torch.Tensor:
            return self.loss(batch)

        def validation_step(self, batch: Any, _: int) -> None:
            self.log("val_loss", self.loss(batch))

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=1e-3)

    return ResNet()


def make_block(width: int, out: int, stride: int) -> Any:
    """Return a residual block."""
    import torch
    from torch import nn
    from torch.nn.functional import relu

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(width, out, 3, stride, 1, bias=False)
            self.second = nn.Conv2d(out, out, 3, 1, 1, bias=False)
            self.norms = nn.ModuleList([nn.BatchNorm2d(out), nn.BatchNorm2d(out)])
            self.short = nn.Conv2d(width, out, 1, stride, bias=False)

        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            inner = relu(self.norms[0](self.first(maps)), inplace=True)
            return relu(self.norms[1](self.second(inner)) + self.short(maps), inplace=True)

    return Block()


def report_epochs(clock: Clock, arguments: argparse.Namespace) -> None:
    """Print how long epochs took with capture and without."""
    print(f"validation epoch, ResNet-18-like on {arguments.images:,} images of {IMAGE} × {IMAGE}:")
    for name, seconds in (("wall", clock.wall), ("processor", clock.processor)):
        plain, captured = seconds[2::2], seconds[3::2]  # the first of each also warms up
        # A neighbor in time: the machine may be faster or slower ten epochs later.
        ratios = sorted(b / a for a, b in zip(plain, captured, strict=False))
        medians = f"{statistics.median(captured):.3f} s ÷ {statistics.median(plain):.3f} s"
        print(f"  {name} time, medians of {len(ratios)}: {medians}")
        print(f"  ratios of neighboring epochs: {', '.join(f'{ratio:.3f}' for ratio in ratios)}")
        report(f"median ratio, {name} time", statistics.median(ratios), RATIO_BUDGET)
    first = clock.processor[1] - clock.processor[3]
    print(f"  once, in the first captured epoch: {first:.2f} s of processor time for thumbnails")


if __name__ == "__main__":
    main()
