"""Socket.IO beside the WebSockets: python-socketio behind the same rights and the same outbox."""
