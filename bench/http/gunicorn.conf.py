"""gunicorn's settings here: nothing is written to the home folder. Older versions skip the name."""

control_socket_disable = True
# A page of the untouched platform may wait for others for longer than 30 s.
timeout = 120
