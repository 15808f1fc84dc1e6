"""What TensorBoard shows: files under `.state/`, written beside the work. No output reads them."""
