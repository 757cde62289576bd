//! The web chat adapter: a web socket for the widget.
