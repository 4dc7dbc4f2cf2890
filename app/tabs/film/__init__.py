"""The Film tab: each frame of a short video, or of a camera, a map."""
