"""Pictures: where they come from, how they are read, what a network sees of them.

``sources`` opens a set of pictures, ``decode`` reads one, ``scan`` examines a whole set; these are free of torch.
``views`` and ``loader`` turn pictures into batches of tensors. A picture is H x W x C uint8 as an array and
(C, H, W) uint8 as a tensor, until ``normalise`` on the device makes it floating point.
"""
