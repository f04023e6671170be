"""Files in: networks, properties, tilings; and tilings out again."""
