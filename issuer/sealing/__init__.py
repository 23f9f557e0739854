"""The visible digital seal: made, recorded and handed out again to who has the code on the paper."""
