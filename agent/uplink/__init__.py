"""Events and state → MQTT."""
