"""The parts of `elevator-agent watch`: what is seen, how it is drawn, how little of it is sent."""
