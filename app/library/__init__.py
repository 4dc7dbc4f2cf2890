"""What the server has to look at: photographs, recorded fixations, finished runs. Nothing outside its folders."""
