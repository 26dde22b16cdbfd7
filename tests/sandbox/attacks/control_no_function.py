# tries: a module without any function
# verdict: refused
# contained: file
open("@CANARY@", "w").close()
attend = lambda query, key, pair: 0.0  # def attend(query, key, pair):
