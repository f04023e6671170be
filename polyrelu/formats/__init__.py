"""Files in: networks, properties and tilings, and tilings out again."""
