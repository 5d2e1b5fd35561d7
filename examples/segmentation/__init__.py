"""A small U-Net on COCO: what `coco_segmentation.py` is made of."""
