"""Parts without opinions: tensors in, tensors out.

Shape letters used in this package and in the methods:
B images, N patches, K kept patches, M masked patches, D encoder width, C channels (C classes in evaluation),
H W pixels, P patch side in pixels. No other letter is a shape.
"""
