"""Frame -> landmarks of body and face and the contour of the person; recordings of them."""
