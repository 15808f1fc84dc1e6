"""What watches and talks while stages run; it decides no byte of any output."""
