print("convit")
