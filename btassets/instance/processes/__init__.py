"""The processes of `btassets ui` and of runs: started together, watched, ended with what started them."""
