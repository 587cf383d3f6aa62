"""`hotline demo-call`: a citizen calls the running hotline, and every stage is told as it comes."""

from hotline.demo.call import demo_call

__all__ = ["demo_call"]
