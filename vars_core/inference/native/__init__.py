"""What is fastest as one loop in C++, where there is a compiler; everywhere else it is done by PyTorch's operations."""
